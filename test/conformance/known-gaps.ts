/**
 * Cases in which inmesh does not yet do what Envoy does: by title, with the reason. The suite expects them to differ,
 * so a gap that is closed fails the suite until its row is removed. `docs/traffic.md` prints it.
 */
const MIRRORS = 'mirrored requests are not sent';
const FIRST_USE = 'the first call that names an unused mesh host in its Host header goes by the dialled host';

export const KNOWN_GAPS: Readonly<Record<string, string>> = {
  'mirror: a copy of everything goes to the other host': MIRRORS,
  'mirrors: several': MIRRORS,
  'a mirror that refuses or fails has no effect': MIRRORS,
  'the Host header decides, not the address that was dialled': FIRST_USE,
  'a service of another namespace: no bare name': FIRST_USE,
  'useSourceIp: always the same host':
    "the key is the instance's own address where Envoy takes that of the connection it accepted",
  'command operators in response headers': '`%RESPONSE_CODE_DETAILS%` has no value',
  'response headers of the rule on every local answer of it':
    '`%RESPONSE_CODE%` in a header of a local answer is its status; in Envoy it is 0',
};
