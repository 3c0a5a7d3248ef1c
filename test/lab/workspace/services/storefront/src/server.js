'use strict';

const http = require('node:http');
const React = require('react');
const { renderToString } = require('react-dom/server');
const { WebSocketServer } = require('ws');

const Page = ({ berths }) => React.createElement('main', null, `${berths} berths are free`);
const server = http.createServer((request, response) => {
  response.setHeader('content-type', 'text/html');
  response.end(renderToString(React.createElement(Page, { berths: 7 })));
});
new WebSocketServer({ server });
server.listen(3000);
