'use strict';

// A legacy service that registers in Consul and looks others up there, by the npm package `consul`.
const Consul = require('consul');
const { serve, web } = require('./web');

const NAME = 'legacy-consul';
const { hostname: host, port: serverPort } = new URL(process.env.CONSUL);
const consul = new Consul({ host, port: Number(serverPort) });

const list = async (service) => {
  const entries = await consul.health.service({ service, passing: true });
  return entries.map(({ Service }) => ({ ip: Service.Address, port: Service.Port }));
};

serve(web(NAME, { list }), (port) =>
  consul.agent.service.register({ id: `${NAME}-1`, name: NAME, address: '127.0.0.1', port }),
);
