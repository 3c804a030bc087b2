/** How Nacos is reached and who we are there: the part of the configuration that reading and exporting share. */

import { type Static, type TObject, Type } from '@sinclair/typebox';
import { DEFAULT_PORT, GRPC_PORT_OFFSET } from '../../nacos';
import { tlsSchema } from '../http';

/** Keys of the schema of everything that connects to Nacos. */
export const connectionProperties = {
  servers: Type.Array(Type.String({ minLength: 1 }), {
    description: `Nacos servers of one cluster by their main port, \`10.0.0.5:${DEFAULT_PORT}\` or \`https://nacos:443\`. Any of them is used; the others are for fail-over.`,
    default: [],
  }),
  serversFile: Type.Optional(
    Type.String({
      description:
        'File with the servers, one a line, read again for every connection; instead of `servers`.',
    }),
  ),
  addressServer: Type.Optional(
    Type.String({
      pattern: '^https?://',
      description:
        'URL of a Nacos address server that lists the servers, one a line; instead of `servers`. Asked again every 30 s.',
    }),
  ),
  grpcPortOffset: Type.Integer({
    minimum: -65_535,
    maximum: 65_535,
    description: "What is added to a server's main port to get its gRPC port.",
    default: GRPC_PORT_OFFSET,
  }),
  contextPath: Type.String({
    pattern: '^/',
    description: "First part of the path of Nacos' HTTP API.",
    default: '/nacos',
  }),
  username: Type.Optional(Type.String({ description: 'User of Nacos, with `password`.' })),
  usernameFile: Type.Optional(
    Type.String({ description: 'File with the user, read again for every login; instead of `username`.' }),
  ),
  password: Type.Optional(Type.String({ description: 'Password of `username`.' })),
  passwordFile: Type.Optional(
    Type.String({
      description: 'File with the password, read again for every login; instead of `password`.',
    }),
  ),
  accessKey: Type.Optional(
    Type.String({ description: 'Access key of a managed Nacos (Alibaba Cloud MSE), with `secretKey`.' }),
  ),
  accessKeyFile: Type.Optional(
    Type.String({ description: 'File with the access key; instead of `accessKey`.' }),
  ),
  secretKey: Type.Optional(Type.String({ description: 'Secret key of `accessKey`.' })),
  secretKeyFile: Type.Optional(
    Type.String({ description: 'File with the secret key; instead of `secretKey`.' }),
  ),
  tls: Type.Optional(tlsSchema),
  requestTimeoutMs: Type.Integer({
    minimum: 100,
    maximum: 600_000,
    description: 'Milliseconds until the answer to one request.',
    default: 3_000,
  }),
};

const connectionSchema: TObject<typeof connectionProperties> = Type.Object(connectionProperties);
export type NacosConnectionConfig = Static<typeof connectionSchema>;

/** What is wrong in it beyond the schema, as sentences that name the keys. */
export function connectionMistakes(config: NacosConnectionConfig): string[] {
  const mistakes: string[] = [];
  const places = [
    config.servers.length > 0,
    config.serversFile !== undefined,
    config.addressServer !== undefined,
  ];
  const given = places.filter(Boolean).length;
  if (given === 0) mistakes.push('`servers`, `serversFile` or `addressServer` must say where Nacos is');
  if (given > 1) mistakes.push('`servers`, `serversFile` and `addressServer` exclude each other');
  const user = config.username ?? config.usernameFile;
  const password = config.password ?? config.passwordFile;
  if ((user === undefined) !== (password === undefined))
    mistakes.push('`username` and `password` (or their files) belong together');
  const access = config.accessKey ?? config.accessKeyFile;
  const secret = config.secretKey ?? config.secretKeyFile;
  if ((access === undefined) !== (secret === undefined))
    mistakes.push('`accessKey` and `secretKey` (or their files) belong together');
  if (user !== undefined && access !== undefined)
    mistakes.push('`username` and `accessKey` exclude each other');
  return mistakes;
}
