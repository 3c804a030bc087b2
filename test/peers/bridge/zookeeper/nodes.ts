import { createHash } from 'node:crypto';
import { ACL, type Client, createClient, Id, Permission } from 'node-zookeeper-client';

/** From now on only this user may do anything with the node. */
export function protect(address: string, path: string, user: string, password: string): Promise<void> {
  const digest = createHash('sha1').update(`${user}:${password}`).digest('base64');
  return setAcl(
    address,
    path,
    `${user}:${password}`,
    new ACL(Permission.ALL, new Id('digest', `${user}:${digest}`)),
  );
}

/** Anybody may, again. */
export function unprotect(address: string, path: string, user: string, password: string): Promise<void> {
  return setAcl(address, path, `${user}:${password}`, new ACL(Permission.ALL, new Id('world', 'anyone')));
}

function setAcl(address: string, path: string, credentials: string, acl: ACL): Promise<void> {
  const client = createClient(address);
  client.addAuthInfo('digest', Buffer.from(credentials));
  return new Promise((resolve, reject) => {
    client.once('connected', () =>
      client.setACL(path, [acl], (error) => {
        client.close();
        if (error) reject(error);
        else resolve();
      }),
    );
    client.connect();
  });
}

/** The npm client takes quadratic time for what waits in its queue. */
const AT_ONCE = 50;

/** Creates many persistent nodes in groups: the parents of a group's are there or in an earlier group. */
export async function createMany(address: string, groups: readonly (readonly string[])[]): Promise<void> {
  const client = createClient(address);
  await new Promise<void>((resolve) => {
    client.once('connected', () => resolve());
    client.connect();
  });
  for (const paths of groups) {
    const left = [...paths];
    const worker = async () => {
      for (let path = left.pop(); path !== undefined; path = left.pop()) await create(client, path);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }
  client.close();
}

function create(client: Client, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    client.create(path, (error) => (error ? reject(error) : resolve()));
  });
}

/** Which node each child is, by the transaction that created it: a node that was created anew is another one. */
export async function creations(address: string, path: string): Promise<string[]> {
  const client = createClient(address);
  await new Promise<void>((resolve) => {
    client.once('connected', () => resolve());
    client.connect();
  });
  const names = await new Promise<string[]>((resolve) => {
    client.getChildren(path, (error, children) => resolve(error ? [] : children));
  });
  const stats = names.map(
    (name) =>
      new Promise<string>((resolve) => {
        client.exists(`${path}/${name}`, (error, stat) =>
          resolve(error || !stat ? '' : stat.czxid.toString('hex')),
        );
      }),
  );
  const found = await Promise.all(stats);
  client.close();
  return found.filter((each) => each !== '');
}
