'use strict';

// The matrix of who reached whom, as text.

/** A table of `results` as `play` gives them: callers down, those called across, how they were reached between. */
function tableLines(results) {
  const callers = distinct(results.map(({ caller }) => caller));
  const called = distinct(results.map(({ callee }) => callee));
  const callees = [...callers.filter((name) => called.includes(name)), ...called];
  const columns = distinct(callees);
  const rows = callers.map((caller) => [
    caller,
    ...columns.map((callee) =>
      cell(results.filter((each) => each.caller === caller && each.callee === callee)),
    ),
  ]);
  const table = [['', ...columns], ...rows];
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  return table.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  );
}

function cell(pairs) {
  return pairs.map(({ ok, how }) => (ok ? how : `not by ${how}`)).join(', ') || '-';
}

/** A pair as a sentence. */
function sentence({ caller, callee, name, status, answer }) {
  return `${caller} → ${callee}, by ${name}: ${status} ${answer}`;
}

function distinct(values) {
  return [...new Set(values)];
}

module.exports = { tableLines, sentence };
