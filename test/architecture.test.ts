/** The rules of docs/architecture.md that a machine can check. */
import { strict as assert } from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { hooks as installed } from '../hooks';
import { DEFINITIONS } from '../src/config/registry';

const ROOT = join(__dirname, '..');
const MAX_LINES = 300;

/** Which rooms a room's files may import, besides their own. */
const BELOW_CALL = ['cluster', 'transport', 'identity', 'model', 'observe', 'config'];
const BELOW_HOOKS = ['call', 'routing', 'balancing', 'resilience', 'registry', ...BELOW_CALL];
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  config: [],
  observe: ['config'],
  model: ['observe', 'config'],
  cluster: ['identity', 'model', 'observe', 'config'],
  transport: ['identity', 'model', 'observe', 'config'],
  routing: BELOW_CALL,
  balancing: BELOW_CALL,
  resilience: BELOW_CALL,
  registry: BELOW_CALL,
  call: ['routing', 'balancing', 'resilience', 'registry', ...BELOW_CALL],
  hooks: BELOW_HOOKS,
  xds: ['model', 'observe', 'config'],
  link: ['xds', 'model', 'observe', 'config'],
  nacos: ['observe', 'config'],
  dev: ['xds', 'nacos', 'model', 'observe', 'config'],
  bridge: ['xds', 'nacos', 'model', 'observe', 'config'],
  cli: ['bridge', 'dev', 'nacos', 'hooks', 'link', 'preload', 'xds', ...BELOW_HOOKS],
  preload: ['hooks', 'link', ...BELOW_HOOKS],
};

/** Packages that cost the application's start tens of milliseconds stay off its main thread. */
const HEAVY =
  /^(@grpc\/grpc-js|protobufjs|pino|pino-pretty|commander|yaml|ajv|@sinclair\/typebox|prom-client|node-zookeeper-client)(\/|$)/;
const HEAVY_ROOMS = ['link', 'xds', 'nacos', 'dev', 'bridge', 'cli'];

interface SourceFile {
  /** From the project's root, with slashes. */
  readonly path: string;
  readonly room: string;
  readonly text: string;
}

function walk(folder: string, skip: readonly string[] = []): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (skip.includes(entry.name)) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? walk(path, skip) : entry.isFile() ? [path] : [];
  });
}

function fromRoot(path: string): string {
  return relative(ROOT, path).split(sep).join('/');
}

function roomOf(path: string): string {
  const [first, second] = path.split('/');
  if (first === 'src') return second ?? '';
  return first ?? '';
}

function sources(...folders: string[]): SourceFile[] {
  return folders
    .flatMap((folder) => walk(join(ROOT, folder)))
    .filter((path) => /\.[cm]?[jt]s$/.test(path))
    .map((path) => ({
      path: fromRoot(path),
      room: roomOf(fromRoot(path)),
      text: readFileSync(path, 'utf8'),
    }));
}

function importsOf(text: string): string[] {
  const pattern = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\(\s*)'([^'\n]+)'/g;
  return [...text.matchAll(pattern)].map((match) => match[1]!);
}

const PRODUCT = sources('src', 'hooks');

describe('architecture', () => {
  it('imports point downwards only', () => {
    const wrong: string[] = [];
    for (const { path, room, text } of PRODUCT) {
      for (const specifier of importsOf(text)) {
        if (!specifier.startsWith('.')) continue;
        const target = fromRoot(join(ROOT, dirname(path), specifier));
        const other = roomOf(target);
        if (other === room || MAY_IMPORT[room]?.includes(other)) continue;
        if (other === 'build' && (room === 'xds' || room === 'nacos')) continue;
        // The version it says.
        if (target === 'package.json' && room === 'cli') continue;
        wrong.push(
          `${path} imports ${target}: ${room} may import ${MAY_IMPORT[room]?.join(', ') ?? 'nothing'}`,
        );
      }
    }
    assert.deepEqual(wrong, []);
  });

  it('every room is known to this test', () => {
    const rooms = new Set(PRODUCT.map(({ room }) => room));
    assert.deepEqual(
      [...rooms].filter((room) => !(room in MAY_IMPORT)),
      [],
    );
  });

  it('docs/architecture.md says the same of who may import whom', () => {
    const text = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');
    const [, table = ''] = text.split('## Who may import whom');
    const names = (cell: string) => [...cell.matchAll(/`(\w+)`/g)].map((match) => match[1]!);
    const rows = table.split('\n').filter((line) => line.startsWith('| `'));
    const said = rows.flatMap((row) => {
      const [, rooms = '', , others = ''] = row.split('|');
      return names(rooms).map((room) => [room, names(others)] as const);
    });
    assert.deepEqual(Object.fromEntries(said), MAY_IMPORT);
  });

  it('gRPC, protobuf and pino are not loaded on the application main thread', () => {
    const wrong = PRODUCT.filter(
      ({ room, path }) => !HEAVY_ROOMS.includes(room) && path !== 'src/observe/pino.ts',
    )
      .flatMap(({ path, text }) => importsOf(text).map((specifier) => ({ path, specifier })))
      .filter(({ specifier }) => HEAVY.test(specifier) || /observe\/pino$|^\.\/pino$/.test(specifier));
    assert.deepEqual(wrong, []);
  });

  it('routing, balancing and resilience are pure: time and randomness are passed in', () => {
    const impure =
      /\bDate\.now\b|\bnew Date\b|\bMath\.random\b|\bperformance\b|\bset(Timeout|Interval|Immediate)\b|'node:/;
    const wrong = PRODUCT.filter(
      ({ room, text }) =>
        ['routing', 'balancing', 'resilience'].includes(room) && impure.test(withoutComments(text)),
    );
    assert.deepEqual(
      wrong.map(({ path }) => path),
      [],
    );
  });

  it('the environment is read in src/config only', () => {
    const wrong = PRODUCT.filter(
      ({ room, text }) => room !== 'config' && /process\s*\.\s*env\b/.test(withoutComments(text)),
    );
    assert.deepEqual(
      wrong.map(({ path }) => path),
      [],
    );
  });

  it(`files of src and hooks have at most ${MAX_LINES} lines`, () => {
    const long = PRODUCT.map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 })).filter(
      ({ lines }) => lines > MAX_LINES,
    );
    assert.deepEqual(long, []);
  });

  it('no error is swallowed by an empty handler', () => {
    const empty = /\bcatch\s*(\([^)]*\))?\s*\{\s*\}|\.catch\(\s*(\(\w*\)|\w+)\s*=>\s*\{\s*\}\s*\)/;
    const wrong = sources('src', 'hooks', 'lab', 'scripts', 'test').filter(({ text }) => empty.test(text));
    assert.deepEqual(
      wrong.map(({ path }) => path),
      [],
    );
  });

  it('no test is skipped without a reason', () => {
    const wrong = sources('test').filter(
      ({ path, text }) => path !== 'test/support/peer.ts' && /\b(this|context)\.skip\(\);$/m.test(text),
    );
    assert.deepEqual(
      wrong.map(({ path }) => path),
      [],
    );
  });

  it('no work is left for later in the code', () => {
    const marks = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X'.repeat(3)].join('|')})\\b`);
    const wrong = sources('src', 'hooks', 'lab', 'scripts', 'bench', 'examples').filter(({ text }) =>
      marks.test(text),
    );
    assert.deepEqual(
      wrong.map(({ path }) => path),
      [],
    );
  });

  it('no file names the host of a package registry', () => {
    // In parts: this file must not name one either.
    const names = [
      ['registry', 'npmjs'],
      ['registry', 'yarnpkg'],
      ['files', 'pythonhosted'],
      ['pypi'],
      ['proxy', 'golang'],
      ['repo1', 'maven'],
      ['crates'],
    ];
    const host = new RegExp(`\\b(${names.map((parts) => parts.join('\\.')).join('|')})\\.(org|com|io)\\b`);
    const wrong = walk(ROOT, ['node_modules', 'dist', 'build', '.git', 'coverage'])
      .filter((path) => !path.endsWith('.tgz'))
      .filter((path) => host.test(readFileSync(path, 'utf8')));
    assert.deepEqual(wrong.map(fromRoot), []);
  });

  it('the README names every setting and every hook', () => {
    const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
    const settings = Object.values(DEFINITIONS).map(({ name }) => name);
    const hooks = installed.map(({ name }) => name);
    const missing = [...settings, ...hooks].filter((name) => !readme.includes(`\`${name}\``));
    assert.deepEqual(missing, []);
  });
});

/** Words in comments are not code. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}
