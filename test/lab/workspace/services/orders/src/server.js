'use strict';

const express = require('express');
const ip = require('ip');
const minimist = require('minimist');
const { priceOf } = require('./prices');
const { version } = require('./version');

const options = minimist(process.argv.slice(2), { default: { port: process.env.PORT || 8080 } });
const app = express();

app.get('/healthz', (request, response) => response.json({ version, address: ip.address() }));
app.get('/orders/:id/price', (request, response) => response.json(priceOf(request.params.id, request.query)));

app.listen(options.port, () => console.log(`orders ${version} listens on ${options.port}`));
