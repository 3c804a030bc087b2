import { readFileSync } from 'node:fs';
import { hooks } from '../../../hooks';
import { nearest, parseToggles, type SettingSource, type Settings } from '../../config';
import { whyAgentOff } from '../explanation/not-managed';
import { type Finding, findingsOf, whyUnreadable } from './finding';

const { ok, warning, error } = findingsOf('settings');

/** Values that are wrong, names that do not exist, switches that are off. `problems`: of loading all settings. */
export function checkSettings(
  settings: Settings,
  sources: readonly SettingSource[],
  unknown: readonly string[],
  problems: readonly string[],
): Finding[] {
  const findings = problems.map((problem) => error(problem, 'correct the value'));
  const names = sources.map(({ name }) => name);
  for (const name of unknown) {
    const meant = nearest(name, names);
    findings.push(
      warning(
        `there is no setting ${name}`,
        meant === undefined ? 'see the table in README.md' : `did you mean ${meant}?`,
      ),
    );
  }
  findings.push(...checkHooks(settings), ...checkFile(settings));
  const off = whyAgentOff(settings);
  if (off !== undefined)
    findings.push(warning(`${off}: calls go their own way`, 'switch it on if that is not meant'));
  if (findings.length > 0) return findings;
  const set = sources.filter(({ source }) => source === 'environment').length;
  return [ok(`${set} from the environment, the others have their defaults`)];
}

function checkHooks({ hooks: only, hooksOff }: Settings): Finding[] {
  const known = hooks.map(({ name }) => name);
  return [...only, ...hooksOff]
    .filter((name) => !known.includes(name))
    .map((name) =>
      error(`INMESH_HOOKS or INMESH_HOOKS_OFF name a hook "${name}"`, `there are ${known.join(', ')}`),
    );
}

function checkFile(settings: Settings): Finding[] {
  const { file } = settings;
  if (file === '') return [];
  try {
    const problems: string[] = [];
    const toggles = parseToggles(readFileSync(file, 'utf8'), settings, (problem) => problems.push(problem));
    const wrong = problems.map((problem) => error(`INMESH_FILE ${file} ${problem}`, 'correct the file'));
    if (toggles?.enabled === false && settings.enabled) {
      wrong.push(
        warning(`INMESH_FILE ${file} switches the agent off`, 'remove "INMESH" from it to switch it on'),
      );
    }
    return wrong;
  } catch (failed) {
    return [
      warning(
        `INMESH_FILE ${file} ${whyUnreadable(failed)}`,
        'it may come later; until then nothing is changed',
      ),
    ];
  }
}
