/** What can be said of Dubbo in `bridge.yaml`, whichever registry it is registered in. */

import { Type } from '@sinclair/typebox';

export const consumersProperty = Type.Boolean({
  description:
    'true: also read who consumes what, for `sidecars`. Dubbo 3 registers consumers only with `register-consumer-url=true`.',
  default: false,
});

export const askTimeoutProperty = Type.Integer({
  minimum: 100,
  maximum: 60_000,
  description: 'Milliseconds until a provider has answered.',
  default: 3_000,
});
