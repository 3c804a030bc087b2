'use strict';

// An `http.request` that does nothing, in place before the preload: what a call costs then is the hook's wrapper.
require('node:http').request = function request() {
  return undefined;
};
