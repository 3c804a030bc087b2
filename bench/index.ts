/** `npm run bench [-- name…]`: every budget of the design, measured here and now, as one table. */
import { balancing } from './balancing';
import { bridge } from './bridge';
import { call } from './call';
import { features } from './features';
import { latency } from './latency';
import { matcher } from './matcher';
import { memory } from './memory';
import { push } from './push';
import type { Bench, Row } from './row';
import { startup } from './startup';
import { wrapper } from './wrapper';

const BENCHES: readonly Bench[] = [
  startup,
  memory,
  call,
  wrapper,
  latency,
  push,
  matcher,
  features,
  balancing,
  bridge,
];

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.find((name) => !BENCHES.some((bench) => bench.name === name));
  if (unknown) {
    console.error(
      `no bench is called ${unknown}; there are: ${BENCHES.map((bench) => bench.name).join(', ')}`,
    );
    return 2;
  }
  const table: Row[] = [];
  for (const bench of BENCHES) {
    if (names.length > 0 && !names.includes(bench.name)) continue;
    console.error(`… ${bench.name}`);
    const result = await bench.run();
    if ('skipped' in result)
      table.push({ what: bench.name, measured: `skipped: ${result.skipped}`, budget: '' });
    else table.push(...result);
  }
  print(table);
  return table.some((row) => row.within === false) ? 1 : 0;
}

function print(table: readonly Row[]): void {
  const width = Math.max(...table.map((row) => row.what.length));
  const middle = Math.max(...table.map((row) => row.measured.length));
  for (const row of table) {
    const verdict = row.within === undefined ? '' : row.within ? 'ok' : 'OVER';
    console.log(
      `${row.what.padEnd(width)}  ${row.measured.padStart(middle)}  ${row.budget.padEnd(12)} ${verdict}`,
    );
  }
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
