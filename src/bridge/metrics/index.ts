export { BridgeMetrics } from './metrics';
