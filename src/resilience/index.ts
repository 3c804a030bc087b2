export { backOffMs } from './back-off';
export { type LocalOrigin, OutlierDetector } from './outlier';
export { type AttemptReset, type ResponseHeaderTest, RetryRules } from './retry-rules';
export { effectivePerTryMs, expectedTimeoutMs } from './timeouts';
