/**
 * Must-hold 7: client x scenario x expected outcome under a named YAML, on every Node line, each cell a test; and the
 * same cell on bare Node, against a plain backend, with the same outcome: result, error code, order of events, async
 * context. `INMESH_NODE_LINES` narrows the lines, `INMESH_CLIENTS` the clients; `INMESH_WRITE_DOCS=1` writes the table.
 */

import { deepStrictEqual, fail, strictEqual } from 'node:assert';
import { CLIENTS, type MatrixClient, NODE_LINES } from '../../support/matrix-clients';
import { ABORTS, EVENTS, NATIVE, NOT_OURS } from '../../support/matrix-phases';
import { MatrixReport } from '../../support/matrix-report';
import { type ChildResult, MatrixRun } from '../../support/matrix-run';
import { type Outcome, whyNot, yamlOf } from '../../support/matrix-scenario';
import { CALLS, FAILURES, LOADS } from '../../support/matrix-scenarios';

const SCENARIOS = [...CALLS, ...FAILURES, ...ABORTS, ...NATIVE, ...EVENTS, ...NOT_OURS, ...LOADS];
const NAMES = process.env['INMESH_CLIENTS']?.split(',');
const clients = CLIENTS.filter(({ name }) => !NAMES || NAMES.includes(name));

describe('compatibility matrix', function () {
  this.timeout(600_000);
  this.slow(600_000);
  const report = new MatrixReport(SCENARIOS);
  let run: MatrixRun;

  before(async () => {
    run = await MatrixRun.start(SCENARIOS);
    for (const line of NODE_LINES) {
      for (const client of clients) {
        if (line < client.since) continue;
        run.child(line, client, 'mesh').catch(() => undefined);
        run.child(line, client, 'bare').catch(() => undefined);
      }
    }
  });

  after(async () => {
    await run?.stop();
    report.print();
    if (process.env['INMESH_WRITE_DOCS'] === '1') report.writeDocs();
  });

  it('has a reason for every cell that cannot exist', () => {
    for (const scenario of SCENARIOS) {
      for (const client of CLIENTS) {
        const reason = whyNot(scenario, client, Math.max(...NODE_LINES));
        if (reason !== undefined) strictEqual(reason.length > 10, true, `${scenario.name}, ${client.name}`);
      }
    }
  });

  for (const line of NODE_LINES) {
    for (const client of clients) {
      if (line < client.since) {
        report.absent(line, client, `needs Node ${client.since} or newer`);
        continue;
      }
      describe(`${client.label} on Node ${line}`, () => {
        for (const scenario of SCENARIOS) {
          const reason = whyNot(scenario, client, line);
          if (reason) {
            report.absentCell(scenario, client, reason);
            continue;
          }
          it(`${scenario.name} [${yamlOf(scenario, client)}]`, async () => {
            report.began(line, client);
            const mesh = await run.child(line, client, 'mesh');
            const outcome = outcomeOf(mesh, scenario.name);
            if (scenario.expect) deepStrictEqual(outcome, scenario.expect(client));
            if (scenario.bare) {
              const bare = outcomeOf(await run.child(line, client, 'bare'), scenario.name);
              deepStrictEqual(
                unordered(outcome, client),
                inItsContext(unordered(bare, client)),
                'differs from bare Node',
              );
            }
            report.passed(line, client);
          });
        }

        it('ends by itself as on bare Node', async () => {
          report.began(line, client);
          const mesh = await run.child(line, client, 'mesh');
          const bare = await run.child(line, client, 'bare');
          strictEqual(mesh.exitCode, bare.exitCode, mesh.log);
          report.passed(line, client);
        });
      });
    }
  }
});

function outcomeOf(child: ChildResult, scenario: string): Outcome {
  const outcome = child.outcomes.get(scenario);
  if (!outcome)
    fail(`the process told nothing about it (exit ${child.exitCode}):\n${child.log.slice(-3000)}`);
  return outcome;
}

/** Bare Node loses the async context of some events on reused TLS connections; the mesh must keep all. */
function inItsContext(bare: Outcome): Outcome {
  const { log } = bare;
  if (!Array.isArray(log)) return bare;
  return { ...bare, log: log.map((text) => String(text).replace(/ \(context .*\)$/, '')) };
}

/** Over TLS, bare Node itself says that the request is written now before, now after the answer to it. */
function unordered(outcome: Outcome, client: MatrixClient): Outcome {
  const { log } = outcome;
  return client.scheme === 'https' && Array.isArray(log) ? { ...outcome, log: [...log].sort() } : outcome;
}
