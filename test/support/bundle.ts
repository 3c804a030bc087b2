import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const ROOT = join(__dirname, '..', '..');
const made = new Map<string, Promise<string>>();

/**
 * A program bundled from the sources as they are, once per test process. `code`: a file from the project's root, or
 * TypeScript that imports from there. Gives the absolute path, which names the content: processes share it.
 */
export function bundled(name: string, code: string): Promise<string> {
  let file = made.get(name);
  if (file === undefined) {
    file = bundle(name, code);
    made.set(name, file);
  }
  return file;
}

async function bundle(name: string, code: string): Promise<string> {
  const { outputFiles } = await build({
    ...(/\s/.test(code)
      ? { stdin: { contents: code, resolveDir: ROOT, loader: 'ts' } }
      : { entryPoints: [join(ROOT, code)] }),
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node18',
    logLevel: 'error',
  });
  const { contents } = outputFiles[0]!;
  const folder = join(ROOT, 'build', 'test');
  const hash = createHash('sha256').update(contents).digest('hex').slice(0, 16);
  const file = join(folder, `${name}-${hash}.js`);
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${file}.${process.pid}`, contents);
    renameSync(`${file}.${process.pid}`, file);
  }
  return file;
}
