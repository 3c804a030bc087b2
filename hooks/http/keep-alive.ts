/** One ref for all calls that wait on nothing that holds the process by itself (decision 7). */
import { setInterval } from '../../src/observe/native';

const LONG_MS = 2 ** 30;

let holders = 0;
let timer: NodeJS.Timeout | undefined;

export function hold(): void {
  if (holders++ > 0) return;
  if (timer === undefined) timer = setInterval(nothing, LONG_MS);
  else timer.ref();
}

export function letGo(): void {
  if (--holders === 0) timer?.unref();
}

function nothing(): void {
  return;
}
