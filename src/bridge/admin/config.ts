/** What can be said of the admin server in `bridge.yaml`. */

import { Type } from '@sinclair/typebox';
import { listenAddress } from '../mcp/config';

export const adminSchema = Type.Object(
  {
    enabled: Type.Boolean({ description: 'false: no admin server.', default: true }),
    listen: listenAddress('Where health, metrics and the pages for operators are.', '127.0.0.1:15081'),
    insecure: Type.Boolean({
      description:
        'true: `listen` may be no loopback address, for probes and Prometheus. Anybody who reaches it can read everything and thaw.',
      default: false,
    }),
  },
  { additionalProperties: false, description: 'The admin server (HTTP).', default: {} },
);
