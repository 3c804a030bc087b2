'use strict';

// A legacy consumer of Dubbo services, by the npm package `dubbo2.js`: it finds providers in ZooKeeper.
const { Dubbo, java, setting } = require('dubbo2.js');
const { serve, web } = require('./web');

const INTERFACE = 'demo.GreetingService';
const greeting = (dubbo) =>
  dubbo.proxyService({ dubboInterface: INTERFACE, methods: { greet: (name) => [java.String(name)] } });
const dubbo = Dubbo.from({
  application: { name: 'dubbo-consumer' },
  register: process.env.ZOOKEEPER,
  dubboSetting: setting.match(INTERFACE, { version: '0.0.0' }),
  service: { greeting },
});

const app = web('dubbo-consumer');

app.get('/greet', async (_req, res) => {
  const { res: greeted, err } = await dubbo.service.greeting.greet('you');
  res.status(err ? 502 : 200).send(`[dubbo-consumer] -> ${err ? err.message : greeted}`);
});

serve(app);
