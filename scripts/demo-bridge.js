'use strict';

// `npm run demo:bridge`: installs, builds, and shows services of a registry becoming services of the mesh. Needs Node only.
require('./lib/demo').runDemo('bridge-demo');
