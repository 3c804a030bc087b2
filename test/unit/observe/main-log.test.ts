import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { MainLog, type MainLogOptions } from '../../../src/observe';
import { jsonLine, prettyLine } from '../../../src/observe/line';
import { Stderr } from '../../../src/observe/stderr';

function logOf(options: Partial<MainLogOptions> = {}) {
  const lines: string[] = [];
  const clock = { ms: 1_700_000_000_000 };
  const log = new MainLog({
    level: 'info',
    format: 'json',
    now: () => clock.ms,
    write: (line) => lines.push(line),
    ...options,
  });
  return { log, lines, clock };
}

describe('observe: the main log', () => {
  it('writes one JSON object a line, in the shape of pino', () => {
    const { log, lines } = logOf();
    log.line('warn', 'link.down', 'The link is down.', { after: 5 });
    assert.equal(lines.length, 1);
    assert.ok(lines[0]!.endsWith('}\n'));
    assert.deepEqual(JSON.parse(lines[0]!), {
      level: 40,
      time: 1_700_000_000_000,
      pid: process.pid,
      name: 'inmesh',
      event: 'link.down',
      msg: 'The link is down.',
      after: 5,
    });
  });

  it('writes the same keys as pino does in the worker', () => {
    const script = `require(${JSON.stringify(join(__dirname, '../../../src/observe/pino.ts'))})
      .createPinoLog({ level: 'info', format: process.argv[1], fd: 1 }).line('warn', 'a.b', 'Sentence.', { host: 'x' })`;
    const run = (format: string) =>
      spawnSync(process.execPath, ['--require', 'tsx/cjs', '-e', script, format], { encoding: 'utf8' })
        .stdout;
    const fields = JSON.parse(run('json'));
    const own = JSON.parse(jsonLine('warn', fields.time, 'a.b', 'Sentence.', { host: 'x' }));
    assert.deepEqual(fields, { ...own, pid: fields.pid });
    assert.match(run('pretty'), /^inmesh \d\d:\d\d:\d\d WARN {2}Sentence\. \(a\.b host=x\)\n$/);
  }).timeout(20_000);

  it('writes a class and key once a minute and counts the rest', () => {
    const { log, lines, clock } = logOf();
    for (let i = 0; i < 5; i++) log.line('info', 'call.flag', 'm', {}, 'a');
    log.line('info', 'call.flag', 'm', {}, 'b');
    assert.equal(lines.length, 2);
    clock.ms += 59_999;
    log.line('info', 'call.flag', 'm', {}, 'a');
    assert.equal(lines.length, 2);
    clock.ms += 1;
    log.line('info', 'call.flag', 'm', {}, 'a');
    assert.equal(JSON.parse(lines[2]!).suppressed, 5);
    clock.ms += 60_000;
    log.line('info', 'call.flag', 'm', {}, 'a');
    assert.equal('suppressed' in JSON.parse(lines[3]!), false);
  });

  it('keeps a bounded number of keys', () => {
    const { log, lines } = logOf();
    for (let i = 0; i < 1001; i++) log.line('info', 'e', 'm', {}, String(i));
    log.line('info', 'e', 'm', {}, '1000');
    assert.equal(lines.length, 1001);
    log.line('info', 'e', 'm', {}, '0');
    assert.equal(lines.length, 1002);
  });

  it('leaves out what is below its level, which may change', () => {
    const { log, lines } = logOf({ level: 'off' });
    log.line('error', 'a', 'm');
    assert.equal(lines.length, 0);
    log.level = 'debug';
    log.line('debug', 'a', 'm');
    assert.equal(lines.length, 1);
  });

  it('survives fields that cannot be serialised, and shows messages of errors', () => {
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    assert.match(JSON.parse(jsonLine('info', 0, 'e', 'm', { circular })).unserialisable, /circular/);
    assert.match(prettyLine('info', 0, 'e', 'm', { circular }), /circular=\[object Object\]/);
    assert.equal(JSON.parse(jsonLine('info', 0, 'e', 'm', { error: new Error('why') })).error, 'why');
  });
});

describe('observe: standard error', () => {
  function failing(codes: (string | undefined)[]) {
    const written: string[] = [];
    const stderr = new Stderr((_fd, text) => {
      const code = codes.shift();
      if (code !== undefined) throw Object.assign(new Error(code), { code });
      return written.push(text);
    });
    return { stderr, written };
  }

  it('is silent for good once it is closed', () => {
    const { stderr, written } = failing(['EPIPE']);
    stderr.line('a');
    stderr.line('b');
    assert.deepEqual(written, []);
  });

  it('keeps lines of a full pipe back and writes them in order', (done) => {
    const { stderr, written } = failing(['EAGAIN', 'EAGAIN']);
    stderr.line('a');
    stderr.line('b');
    const check = setInterval(() => {
      if (written.length < 2) return;
      clearInterval(check);
      assert.deepEqual(written, ['a', 'b']);
      done();
    }, 10);
  });

  it('keeps at most a hundred back', () => {
    const { stderr } = failing(Array(300).fill('EAGAIN'));
    for (let i = 0; i < 200; i++) stderr.line(String(i));
  });
});
