import { hooks } from './index';

/** The README's table of hooks, in Markdown. */
export function hooksTable(): string {
  const rows = hooks.map(({ name, library, versions, symbols, effect }) =>
    row(`\`${name}\``, library, versions, symbols.map((symbol) => `\`${symbol}\``).join(', '), effect),
  );
  return [
    row('Name', 'Library', 'Versions', 'Patched symbols', 'What it does'),
    row('---', '---', '---', '---', '---'),
    ...rows,
  ].join('\n');
}

function row(...cells: string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
