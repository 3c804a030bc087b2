/** What `NODE_OPTIONS` loads before the application, by Node's own rules of quoting (node.cc, ParseNodeOptionsEnvVar). */

const FLAGS = new Set(['--require', '-r', '--import']);

/** Specifiers of `--require`, `-r` and `--import`, in order; those of `--import` may be file URLs. */
export function preloadsOf(nodeOptions: string): string[] {
  const words = split(nodeOptions);
  const found: string[] = [];
  words.forEach((word, at) => {
    const equals = word.indexOf('=');
    const flag = equals < 0 ? word : word.slice(0, equals);
    if (!FLAGS.has(flag)) return;
    const specifier = equals < 0 ? words[at + 1] : word.slice(equals + 1);
    if (specifier !== undefined) found.push(specifier.replace(/^file:\/\//, ''));
  });
  return found;
}

/** Words apart by spaces; in double quotes a space is kept and a backslash takes the next character as it is. */
function split(text: string): string[] {
  const words: string[] = [];
  let word = '';
  let inWord = false;
  let inQuotes = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string;
    if (char === '\\' && inQuotes) word += text[++at] ?? '';
    else if (char === ' ' && !inQuotes) {
      if (inWord) words.push(word);
      word = '';
      inWord = false;
    } else if (char === '"') {
      inQuotes = !inQuotes;
      inWord = true;
    } else {
      word += char;
      inWord = true;
    }
  }
  if (inWord) words.push(word);
  return words;
}
