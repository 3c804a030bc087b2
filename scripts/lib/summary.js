'use strict';

const SKIPS_SHOWN = 20;

/** Prints what happened, for a person; the last line is for a machine. */
function printSummary(parts, cold, ms) {
  const sum = (key) => parts.reduce((total, part) => total + part[key], 0);
  console.log('\n── summary ──');
  for (const part of parts) {
    const numbers = [`${part.passed} passed`];
    if (part.failed > 0) numbers.push(`${part.failed} failed`);
    if (part.skipped > 0) numbers.push(`${part.skipped} skipped`);
    console.log(`  ${part.name.padEnd(12)} ${numbers.join(', ').padEnd(36)} ${duration(part.ms)}`);
  }
  console.log(
    cold.length === 0
      ? '  cold: nothing, all was installed and built'
      : '  cold (installed or built in this run):',
  );
  for (const { name, ms: took } of cold) console.log(`    ${name} ${duration(took)}`);
  printSkips(parts.flatMap(({ skips }) => skips));
  const failures = parts.flatMap(({ name, failures: all }) => all.map((each) => ({ name, ...each })));
  if (failures.length > 0) console.log('  failed:');
  for (const { name, title, message } of failures) {
    console.log(`    ${name}: ${title}\n        ${message.split('\n').slice(0, 6).join('\n        ')}`);
  }
  console.log(`  ${failures.length === 0 ? 'everything passed' : 'there were failures'}, in ${duration(ms)}`);
  const skipped = sum('skipped');
  console.log(`${sum('passed')} passed, ${sum('failed')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
}

/** One line for each reason, with the tests it stopped. */
function printSkips(skips) {
  const byReason = new Map();
  for (const { title, reason } of skips) byReason.set(reason, [...(byReason.get(reason) ?? []), title]);
  if (byReason.size > 0) console.log('  skipped:');
  for (const [reason, titles] of byReason) {
    console.log(`    ${reason}`);
    for (const title of titles.slice(0, SKIPS_SHOWN)) console.log(`        ${title}`);
    if (titles.length > SKIPS_SHOWN) console.log(`        and ${titles.length - SKIPS_SHOWN} more`);
  }
}

function duration(ms) {
  const seconds = ms / 1000;
  return seconds < 90
    ? `${seconds.toFixed(1)} s`
    : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

module.exports = { printSummary };
