'use strict';

// `npm run demo`: installs, builds and runs the main job on one machine. Needs Node only.
require('./lib/demo').runDemo('demo');
