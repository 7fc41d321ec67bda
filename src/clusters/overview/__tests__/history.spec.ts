/** Lines through the last minutes: gaps, scales, what they come to. */
import {
  SPAN_S,
  areaPath,
  extent,
  linePath,
  withSamples,
  type ISample
} from '../history';
import { place } from '../place';

const frame = { now_s: 1000, height: 20, top: 100 };

function sample(age: number, cpu: number | null): ISample {
  return {
    at_s: 1000 - age,
    cpu,
    memory: null,
    processing: null,
    toCome: null,
    erred: null
  };
}

const cpu = (each: ISample): number | null => each.cpu;

describe('a line', () => {
  it('goes from the past on the left to now on the right, large values above', () => {
    const samples = [sample(9, 0), sample(0, 100)];
    expect(linePath(samples, cpu, frame)).toBe('M95 20L100 0');
    expect(areaPath(samples, cpu, frame)).toBe('M95 20L95 20L100 0L100 20Z');
  });

  it('is broken where nobody looked and where nothing is known', () => {
    const samples = [
      sample(90, 50),
      sample(85, 50),
      sample(20, 50),
      sample(18, null),
      sample(16, 50)
    ];
    const path = linePath(samples, cpu, frame);
    expect(path.match(/M/g)).toHaveLength(3);
    // A single look is a dot, and has no area.
    expect(path.match(/h\.01/g)).toHaveLength(2);
    expect(areaPath(samples, cpu, frame).match(/Z/g)).toHaveLength(1);
  });

  it('stays inside its frame', () => {
    const samples = [sample(999, 400), sample(998, -3)];
    expect(linePath(samples, cpu, frame)).toBe('M0 0L0 20');
  });

  it('is nothing where there is nothing', () => {
    expect(linePath([], cpu, frame)).toBe('');
    expect(linePath([sample(1, null)], cpu, frame)).toBe('');
    expect(linePath([sample(1, 0)], cpu, { ...frame, top: 0 })).toContain('20');
  });
});

describe('samples', () => {
  it('come with their age, and go when they are too old', () => {
    const first = withSamples([], [[SPAN_S - 5, 1, 2, 3, 4, 5]], 1000);
    expect(first).toEqual([
      {
        at_s: 1005 - SPAN_S,
        cpu: 1,
        memory: 2,
        processing: 3,
        toCome: 4,
        erred: 5
      }
    ]);
    const both = withSamples(first, [[0, 9, null, null, null, null]], 1004);
    expect(both.map(each => each.cpu)).toEqual([1, 9]);
    expect(withSamples(both, [], 1006).map(each => each.cpu)).toEqual([9]);
  });

  it('come to a lowest, a mean and a highest of what is known', () => {
    const samples = [sample(3, 10), sample(2, null), sample(1, 40)];
    expect(extent(samples, 'cpu')).toEqual({ low: 10, mean: 25, high: 40 });
    expect(extent(samples, 'memory')).toBeNull();
  });
});

describe('the numbers beside the lines', () => {
  const size = { width: 200, height: 100 };
  const page = { width: 1000, height: 600 };

  it.each([
    ['right', { left: 10, right: 260, top: 50, bottom: 120 }, [268, 50]],
    ['left', { left: 740, right: 990, top: 50, bottom: 120 }, [532, 50]],
    ['in sight', { left: 10, right: 260, top: 580, bottom: 640 }, [268, 500]]
  ])('are %s', (_, anchor, [left, top]) => {
    expect(place(anchor, size, page)).toEqual({ left, top });
  });

  it('are below or above in a narrow page', () => {
    const narrow = { width: 320, height: 400 };
    const anchor = { left: 10, right: 310, top: 50, bottom: 120 };
    expect(place(anchor, size, narrow)).toEqual({ left: 10, top: 128 });
    const low = { ...anchor, top: 250, bottom: 350 };
    expect(place(low, size, narrow)).toEqual({ left: 10, top: 142 });
  });
});
