'use strict';

const USAGE = `npm run demo:bridge [-- [--nacos host:port] [--istiod host:port [--listen host:port]]]

  --nacos   a real Nacos without authentication, instead of the in-memory one
  --istiod  a real istiod (plaintext xDS), instead of inmesh dev; its mesh config must have the config source
            xds://<listen>, beside its others
  --listen  where the bridge serves MCP to that istiod; default 127.0.0.1:15080`;

const KEYS = ['nacos', 'istiod', 'listen'];

/** Gives {nacos, istiod, listen}; throws what to print. */
function readArguments(args) {
  const options = {};
  for (let i = 0; i < args.length; i += 2) {
    const key = args[i].replace(/^--/, '');
    const value = args[i + 1] ?? '';
    if (!args[i].startsWith('--') || !KEYS.includes(key))
      throw new Error(`unknown option ${args[i]}\n\n${USAGE}`);
    if (!/^[^\s:]+:\d+$/.test(value)) throw new Error(`${args[i]} needs host:port\n\n${USAGE}`);
    options[key] = value;
  }
  if (options.listen && !options.istiod) throw new Error(`--listen is for --istiod\n\n${USAGE}`);
  return options;
}

module.exports = { readArguments };
