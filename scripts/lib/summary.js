'use strict';

const SKIPS_SHOWN = 20;
const MESSAGE_LINES_SHOWN = 6;

/** What happened, for a person, in lines; the last one is for a machine. */
function summaryLines(parts, cold, ms) {
  const sum = (key) => parts.reduce((total, part) => total + part[key], 0);
  const failures = parts.flatMap((part) => part.failures.map((failure) => ({ name: part.name, ...failure })));
  const skipped = sum('skipped');
  return [
    '── summary ──',
    ...parts.map(partLine),
    cold.length === 0
      ? '  cold: nothing, all was installed and built'
      : '  cold (installed or built in this run):',
    ...cold.map(({ name, ms: took }) => `    ${name} ${duration(took)}`),
    ...skipLines(parts.flatMap(({ skips }) => skips)),
    ...failureLines(failures),
    `  ${failures.length === 0 ? 'everything passed' : 'there were failures'}, in ${duration(ms)}`,
    `${sum('passed')} passed, ${sum('failed')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
  ];
}

function partLine({ name, passed, failed, skipped, ms }) {
  const numbers = [`${passed} passed`];
  if (failed > 0) numbers.push(`${failed} failed`);
  if (skipped > 0) numbers.push(`${skipped} skipped`);
  return `  ${name.padEnd(12)} ${numbers.join(', ').padEnd(36)} ${duration(ms)}`;
}

/** Each reason once, with the tests it stopped. */
function skipLines(skips) {
  const byReason = new Map();
  for (const { title, reason } of skips) byReason.set(reason, [...(byReason.get(reason) ?? []), title]);
  const lines = byReason.size > 0 ? ['  skipped:'] : [];
  for (const [reason, titles] of byReason) {
    lines.push(`    ${reason}`, ...titles.slice(0, SKIPS_SHOWN).map((title) => `        ${title}`));
    if (titles.length > SKIPS_SHOWN) lines.push(`        and ${titles.length - SKIPS_SHOWN} more`);
  }
  return lines;
}

function failureLines(failures) {
  const lines = failures.length > 0 ? ['  failed:'] : [];
  for (const { name, title, message } of failures) {
    lines.push(`    ${name}: ${title}`);
    lines.push(...message.split('\n', MESSAGE_LINES_SHOWN).map((line) => `        ${line}`));
  }
  return lines;
}

function duration(ms) {
  if (ms < 90_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

module.exports = { summaryLines };
