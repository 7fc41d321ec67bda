import { readCode } from '../code';

const file = (path: string) => ({ path, type: 'file' as const });

test('one file', () => {
  expect(readCode([file('/pnfs/a b.txt')], null)).toBe(
    [
      'import fsspec',
      '',
      'with fsspec.open("dcache:///pnfs/a b.txt", "rb") as file:',
      '    data = file.read()'
    ].join('\n')
  );
});

test('of another endpoint', () => {
  expect(readCode([file('/x')], 'there')).toContain(
    'fsspec.open("dcache:///x", "rb", endpoint="there")'
  );
});

test('a quote and a backslash stay what they are', () => {
  expect(readCode([file('/a"b\\c')], null)).toContain('"dcache:///a\\"b\\\\c"');
});

test('a name that fsspec would read as a chain is opened without a URL', () => {
  const code = readCode([file('/a::b')], 'there');
  expect(code).toContain('fsspec.filesystem("dcache", endpoint="there")');
  expect(code).toContain('dcache.open("/a::b", "rb")');
});

test('several files', () => {
  const code = readCode([file('/a*'), file('/b')], null);
  expect(code).toContain('    "/a*",\n    "/b",\n');
  expect(code).toContain('for path in paths:');
});

test('a folder', () => {
  const code = readCode([{ path: '/runs', type: 'directory' }], null);
  expect(code).toContain('dcache.ls("/runs", detail=False)');
});
