'use strict';

// What the demos share: processes that say where they listen, numbered chapters, checks that are counted.
const { spawn } = require('node:child_process');
const net = require('node:net');
const { get } = require('./load');

/** The teller of a story: every check is printed and counted. */
class Stage {
  chapters = 0;
  checks = [];

  chapter(title) {
    this.chapters++;
    console.log(`\n${this.chapters}. ${title}`);
  }

  say(sentence) {
    console.log(`   ${sentence}`);
  }

  check(ok, sentence) {
    this.checks.push(ok);
    console.log(`   ${ok ? 'ok  ' : 'FAIL'} ${sentence}`);
  }

  get failures() {
    return this.checks.filter((ok) => !ok).length;
  }
}

function isFree(host, port) {
  return new Promise((resolve) => {
    const probe = net.createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, host, () => probe.close(() => resolve(true)));
  });
}

/** Throws a sentence where nothing takes connections. `address`: host:port */
function reach(what, address) {
  const [host, port] = address.split(':');
  return new Promise((resolve, reject) => {
    const probe = net.connect({ host, port: Number(port), timeout: 5_000 });
    const refuse = (why) => reject(new Error(`${what} ${address} cannot be reached (${why})`));
    probe.once('connect', () => resolve(probe.destroy()));
    probe.once('timeout', () => {
      probe.destroy();
      refuse('no answer within 5 s');
    });
    probe.once('error', (error) => refuse(error.message));
  });
}

/**
 * Starts a Node process; `ready` resolves with what the first line of its output says, as JSON unless `read` says
 * otherwise. `quiet`: its log is not shown.
 */
function run(children, args, env, { quiet = false, read = JSON.parse } = {}) {
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, INMESH_LOG_FORMAT: 'pretty', ...env },
    stdio: ['pipe', 'pipe', quiet ? 'ignore' : 'inherit'],
  });
  children.push(child);
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const ready = new Promise((resolve, reject) => {
    let output = '';
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (text) => {
      output += text;
      const end = output.indexOf('\n');
      if (end < 0) return;
      try {
        resolve(read(output.slice(0, end)));
      } catch {
        reject(new Error(`${args.join(' ')} said instead of its address: ${output.slice(0, end)}`));
      }
    });
    exited.then((code) => reject(new Error(`${args.join(' ')} ended with code ${code}`)));
  });
  return { child, ready, exited };
}

async function many(port, urlPath, count, headers) {
  const load = [];
  for (let sent = 0; sent < count; sent += 10) {
    load.push(
      ...(await Promise.all(
        Array.from({ length: Math.min(10, count - sent) }, () => get(port, urlPath, { headers })),
      )),
    );
  }
  return load;
}

/** Waits for a condition; half a minute is the usual limit. */
async function until(condition, seconds = 30) {
  const deadline = performance.now() + seconds * 1000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`the expected state did not come within ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

module.exports = { Stage, isFree, many, reach, run, until };
