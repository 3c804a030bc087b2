// An http.request that does nothing, loaded before the hook: what remains is the hook's wrapper.
'use strict';
require('node:http').request = function request() {
  return undefined;
};
