export type { FormatSource } from './filter/format';
export { editLines, type HeaderProgram, type HeaderSource, valueAfter } from './filter/headers';
export { type HashSources, hashRequest, type RequestHash } from './hash-policy';
export { drawFraction } from './match/fraction';
export { compileHeaderMatch, type HeaderMatcher } from './match/header';
export { canonicalHost, hostOfAuthority } from './match/host';
export { RegexPool } from './match/regex-pool';
export { normalizePath, splitAbsoluteForm } from './path';
export { firstLine, type HeaderEdit, type HeaderLookup, MatchInput, type RequestHead } from './request';
export {
  type CompiledForward,
  type CompiledRoute,
  CompiledVirtualHost,
  compileVirtualHost,
  type Destination,
} from './virtual-host';
