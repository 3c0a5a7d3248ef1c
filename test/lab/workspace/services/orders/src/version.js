'use strict';

exports.version = '1.4.2';
