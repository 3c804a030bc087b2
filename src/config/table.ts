import type { Definition } from './definition';
import { DEFINITIONS, PREFIXES } from './registry';

/** The README's table of settings, in Markdown. */
export function settingsTable(): string {
  const rows = Object.values(DEFINITIONS).map((definition: Definition) => {
    const { name, aliases = [], runTime, sentence } = definition;
    const names = [name, ...aliases].map((each) => `\`${each}\``).join(', ');
    return row(
      names + (runTime === true ? ' ¹' : ''),
      kindOf(definition),
      shown(definition.default),
      sentence,
    );
  });
  for (const { name, sentence } of PREFIXES) rows.push(row(`\`${name}\``, 'text', '', sentence));
  return [
    row('Name', 'Value', 'Default', 'What it does'),
    row('---', '---', '---', '---'),
    ...rows,
    '',
    '¹ may also stand in the file of `INMESH_FILE`, and then counts for new calls at once.',
  ].join('\n');
}

function row(...cells: string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function shown(value: string): string {
  return value === '' ? '' : `\`${value}\``;
}

function kindOf({ type, unit }: Definition): string {
  switch (type.kind) {
    case 'switch':
      return '`on`, `off`';
    case 'choice':
      return type.of.map((word) => `\`${word}\``).join(', ');
    case 'list':
      return 'list';
    case 'duration':
      return `duration (${unit ?? ''})`;
    case 'integer':
      return `${type.minimum} to ${type.maximum}${unit === undefined ? '' : ` ${unit}`}`;
    case 'text':
      return 'text';
  }
}
