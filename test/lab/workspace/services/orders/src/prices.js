'use strict';

const { Parser } = require('@sideway/formula');
const _ = require('lodash');

const tariffs = { berth: 'hours * 42', crane: 'lifts * 18.5', storage: 'days * boxes * 3.2' };

exports.priceOf = (id, query) => {
  const parts = _.mapValues(_.pick(tariffs, _.keys(query)), (formula, name) =>
    new Parser(formula).evaluate({ hours: Number(query[name]), lifts: Number(query[name]), days: 1, boxes: 1 }),
  );
  return { id, parts, total: _.sum(_.values(parts)) };
};
