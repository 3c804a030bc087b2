'use strict';

// A new service, without a registry. Under the agent it is in the mesh by itself; with VIA it is behind a sidecar.
const { serve, web } = require('./web');

const { NAME, VIA } = process.env;

serve(web(NAME, { via: VIA }));
