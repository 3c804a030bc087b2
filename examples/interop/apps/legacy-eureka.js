'use strict';

// A legacy service that registers in Eureka and looks others up there, by the npm package `eureka-js-client`.
const { Eureka } = require('eureka-js-client');
const { serve, web } = require('./web');

const NAME = 'legacy-eureka';
const quiet = () => undefined;
const logger = { debug: quiet, info: quiet, warn: quiet, error: console.error };
let eureka;

const list = async (service) =>
  eureka.getInstancesByAppId(service).map(({ ipAddr, port }) => ({ ip: ipAddr, port: port.$ }));

serve(web(NAME, { list }), async (port) => {
  const { hostname: host, port: serverPort } = new URL(process.env.EUREKA);
  eureka = new Eureka({
    logger,
    instance: {
      app: NAME,
      instanceId: `${NAME}:${port}`,
      vipAddress: NAME,
      hostName: '127.0.0.1',
      ipAddr: '127.0.0.1',
      port: { $: port, '@enabled': true },
      dataCenterInfo: { '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo', name: 'MyOwn' },
    },
    eureka: { host, port: serverPort, servicePath: '/eureka/apps/', heartbeatInterval: 5_000 },
  });
  await new Promise((resolve, reject) => eureka.start((error) => (error ? reject(error) : resolve())));
});
