#!/bin/sh
exec /usr/sbin/nginx -s reload
