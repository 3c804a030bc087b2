/** What can be said of the MCP port in `bridge.yaml`. */

import { Type } from '@sinclair/typebox';

export const listenAddress = (description: string, fallback: string) =>
  Type.String({
    pattern: '^(\\[[0-9A-Fa-f:.]+\\]|[^\\s:\\[\\]]+):\\d{1,5}$',
    description: `${description} \`address:port\`; port 0 is any free one.`,
    default: fallback,
  });

export const mcpSchema = Type.Object(
  {
    listen: listenAddress('Where istiod connects to.', '127.0.0.1:15080'),
    tls: Type.Optional(
      Type.Object(
        {
          certFile: Type.String({
            description: 'PEM file of the certificate and its chain. Read again when it changes.',
          }),
          keyFile: Type.String({ description: 'PEM file of its key. Read again when it changes.' }),
        },
        {
          additionalProperties: false,
          description:
            'TLS on the port. istiod verifies it with `tlsSettings: {mode: SIMPLE}` of the config source; it shows no certificate of its own.',
        },
      ),
    ),
    insecure: Type.Boolean({
      description:
        'true: plaintext although `listen` is no loopback address. Guard the port by a NetworkPolicy.',
      default: false,
    }),
    minPushIntervalMs: Type.Integer({
      minimum: 0,
      maximum: 60_000,
      description:
        'Least milliseconds between two pushes; changes in between go out together. It grows with what a push costs.',
      default: 100,
    }),
  },
  {
    additionalProperties: false,
    description: 'The port that serves the ServiceEntries to istiod (MCP over xDS).',
    default: {},
  },
);
