// What the TypeScript sources say to the user: read from their syntax trees.
import ts from 'typescript';

/** Lab's translation functions, and which of their arguments is what. */
const FUNCTIONS = {
  __: { text: 0 },
  gettext: { text: 0 },
  _n: { text: 0, plural: 1 },
  ngettext: { text: 0, plural: 1 },
  _p: { context: 0, text: 1 },
  pgettext: { context: 0, text: 1 },
  _np: { context: 0, text: 1, plural: 2 },
  npgettext: { context: 0, text: 1, plural: 2 }
};

/** Attributes and properties that are read or spoken, whatever stands in them. */
const SPOKEN = new Set([
  'alt',
  'aria-description',
  'aria-label',
  'aria-roledescription',
  'aria-valuetext',
  'caption',
  'category',
  'label',
  'placeholder',
  'title',
  'tooltip'
]);
/** Not for the user: Lab's lists of plugins and the schemas of commands are English everywhere. */
const UNSPOKEN = new Set(['className', 'description', 'id', 'key']);

/** Parse one file. */
export function parse(name, text) {
  return ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
}

function walk(node, visit) {
  // A visitor that returns true has seen what is below.
  if (visit(node) !== true) {
    ts.forEachChild(node, child => walk(child, visit));
  }
}

/** The name of a translation function that is called here, or null. */
function translating(node) {
  if (
    !ts.isCallExpression(node) ||
    !ts.isPropertyAccessExpression(node.expression)
  ) {
    return null;
  }
  const name = node.expression.name.text;
  return Object.hasOwn(FUNCTIONS, name) ? name : null;
}

function line(source, node) {
  return source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
}

/**
 * The messages of a file: `{context, text, plural}`, and in `problems` those that no tool could
 * collect because they are put together when the program runs.
 */
export function messages(source) {
  const found = [];
  const problems = [];
  walk(source, node => {
    const name = translating(node);
    if (!name) {
      return;
    }
    const message = {};
    for (const [part, index] of Object.entries(FUNCTIONS[name])) {
      const argument = node.arguments[index];
      if (!argument || !ts.isStringLiteralLike(argument)) {
        problems.push(
          `${source.fileName}:${line(source, node)}: a text that is not one literal can't be collected`
        );
        return;
      }
      message[part] = argument.text;
    }
    found.push(message);
  });
  return { found, problems };
}

/** The property or attribute that an expression is the value of, through `a ? b : c` and `a ?? b`. */
function nameOf(node) {
  let value = node;
  while (
    ts.isConditionalExpression(value.parent) ||
    ts.isParenthesizedExpression(value.parent) ||
    ts.isBinaryExpression(value.parent) ||
    ts.isTemplateSpan(value.parent) ||
    ts.isTemplateExpression(value.parent) ||
    ts.isJsxExpression(value.parent) ||
    (ts.isArrowFunction(value.parent) && value.parent.body === value)
  ) {
    if (
      ts.isBinaryExpression(value.parent) &&
      value.parent.operatorToken.kind === ts.SyntaxKind.EqualsToken
    ) {
      const { left } = value.parent;
      return ts.isPropertyAccessExpression(left) ? left.name.text : null;
    }
    value = value.parent;
  }
  const holder = value.parent;
  if (ts.isPropertyAssignment(holder) || ts.isJsxAttribute(holder)) {
    return holder.name.getText().replace(/^['"]|['"]$/g, '');
  }
  return null;
}

/** Places whose strings nobody reads: types, imports, keys, comparisons, errors of programmers. */
function isMute(node) {
  const { parent } = node;
  if (
    ts.isImportDeclaration(parent) ||
    ts.isExportDeclaration(parent) ||
    ts.isExternalModuleReference(parent) ||
    ts.isLiteralTypeNode(parent) ||
    ts.isElementAccessExpression(parent) ||
    ts.isCaseClause(parent) ||
    (ts.isPropertyAssignment(parent) && parent.name === node)
  ) {
    return true;
  }
  if (ts.isBinaryExpression(parent)) {
    return [
      ts.SyntaxKind.EqualsEqualsEqualsToken,
      ts.SyntaxKind.ExclamationEqualsEqualsToken,
      ts.SyntaxKind.InKeyword
    ].includes(parent.operatorToken.kind);
  }
  if (ts.isNewExpression(parent)) {
    return /^(Error|TypeError|RangeError|Token|RegExp)$/.test(
      parent.expression.getText()
    );
  }
  return (
    ts.isCallExpression(parent) &&
    ts.isPropertyAccessExpression(parent.expression) &&
    /^(closest|endsWith|includes|matches|matchMedia|querySelector|querySelectorAll|replace|startsWith)$/.test(
      parent.expression.name.text
    )
  );
}

/** Words after one another or after a value, or one word that begins like a label. */
function isProse(text) {
  return (
    /\p{L}{2,}[,;:.]? \p{L}/u.test(text) ||
    /… \p{Ll}{2,}/u.test(text) ||
    /^\p{Lu}\p{Ll}+[.:!?…]?$/u.test(text)
  );
}

/**
 * Text that reads like something for the user and is not translated.
 *
 * @param isAllowed Told the text; true where it is meant to stay as it is.
 * @returns Lines `file:line: text`.
 */
export function untranslated(source, isAllowed = () => false) {
  const found = [];
  const tell = (node, text) => {
    if (!isAllowed(text)) {
      found.push(`${source.fileName}:${line(source, node)}: ${text.trim()}`);
    }
  };
  walk(source, visit);
  return found;

  function visit(node) {
    const name = translating(node);
    if (name) {
      // What is put into the text may be text itself.
      const texts = new Set(Object.values(FUNCTIONS[name]));
      node.arguments
        .filter((_, index) => !texts.has(index))
        .forEach(argument => walk(argument, visit));
      return true;
    }
    if (ts.isJsxText(node)) {
      if (/\p{L}/u.test(node.text)) {
        tell(node, node.text);
      }
      return;
    }
    const isLiteral = ts.isStringLiteralLike(node);
    if (!isLiteral && !ts.isTemplateExpression(node)) {
      return;
    }
    const text = isLiteral
      ? node.text
      : [node.head, ...node.templateSpans.map(span => span.literal)]
          .map(part => part.text)
          .join('…');
    const holder = nameOf(node);
    if (isMute(node) || UNSPOKEN.has(holder)) {
      return;
    }
    if (SPOKEN.has(holder) ? /\p{L}{2,}/u.test(text) : isProse(text)) {
      tell(node, text);
    }
  }
}
