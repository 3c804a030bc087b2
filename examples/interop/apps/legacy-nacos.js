'use strict';

// A legacy service that registers in Nacos and looks others up there, by the npm package `nacos`.
const { NacosNamingClient } = require('nacos');
const { serve, web } = require('./web');

const quiet = () => undefined;
const logger = { debug: quiet, info: quiet, log: quiet, warn: quiet, error: console.error };
const nacos = new NacosNamingClient({ logger, serverList: process.env.NACOS, namespace: 'public' });

const list = (service) => nacos.selectInstances(service, 'DEFAULT_GROUP', '', true);

serve(web('legacy-nacos', { list }), async (port) => {
  await nacos.ready();
  await nacos.registerInstance('legacy-nacos', { ip: '127.0.0.1', port });
});
