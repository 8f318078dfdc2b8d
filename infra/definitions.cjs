'use strict';
// The state machines' definitions as text: included as YAML they would become objects.
const { readFileSync } = require('node:fs');
const { join } = require('node:path');

const read = (name) => JSON.stringify(JSON.parse(readFileSync(join(__dirname, '..', 'statemachines', `${name}.asl.json`), 'utf8')));

module.exports = { provision: read('provision'), canary: read('canary') };
