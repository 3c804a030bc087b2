'use strict';

// The matrix of who reached whom, as text.

/** `results` as `play` gives them: a table of marks, and below it every pair with its name and answer. */
function matrixLines(results) {
  const callees = distinct(results.map(({ callee }) => callee));
  const callers = distinct(results.map(({ caller }) => caller));
  const cells = callers.map((caller) =>
    callees.map((callee) => {
      const of = results.filter((each) => each.caller === caller && each.callee === callee);
      return of.map(({ ok, how }) => (ok ? how : `FAILED ${how}`)).join(', ') || '-';
    }),
  );
  const table = [['caller \\ called', ...callees], ...callers.map((caller, at) => [caller, ...cells[at]])];
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  return [
    ...table.map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    ),
    '',
    ...results.map(
      ({ caller, callee, name, ok, status, answer }) =>
        `${ok ? 'ok  ' : 'FAIL'} ${caller} → ${callee}, by ${name}: ${status} ${answer}`,
    ),
  ];
}

function distinct(values) {
  return [...new Set(values)];
}

module.exports = { matrixLines };
