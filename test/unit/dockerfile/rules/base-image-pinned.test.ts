import assert from 'node:assert/strict';
import { baseImagePinned } from '../../../../src/dockerfile/rules/base-image-pinned.ts';
import { describeRule, violationsOf } from '../support.ts';

describeRule(baseImagePinned, {
  files: [
    'FROM «debian»\n',
    'FROM «contoso.azurecr.io:5000/base/debian» AS base\n',
    'FROM debian:«latest»\n',
    'FROM --platform=linux/amd64 debian:«latest» AS base\nUSER 10001\n',
    'FROM debian:12 AS one\nFROM «alpine» AS two\nFROM two\n',
    'FROM "debian:«latest»"\n',
    'FROM \\\n  # the base\n  debian:«latest» \\\n  AS base\n',
    'ARG IMAGE=debian\nFROM «${IMAGE}»\n',
    'ARG TAG=latest\nFROM «debian:${TAG}»\n',
    'ARG REGISTRY=contoso.azurecr.io\nARG BASE=$REGISTRY/base\nFROM «${BASE}/debian»\n',
    'FROM «${REGISTRY}/debian»\n',
    'FROM ${REGISTRY}/debian:«latest»\n',
    'FROM «${IMAGE}»\n',
    'FROM «debian:$VERSION»\n',
  ],
  passingFiles: [
    'FROM debian:12.8\n',
    'FROM scratch\n',
    'FROM debian@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n',
    'FROM debian:latest@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n',
    'FROM localhost:5000/debian:12\n',
    'ARG TAG=12.8\nFROM debian:${TAG}\n',
    'FROM debian:${TAG:-12.8}\n',
    'FROM ${REGISTRY}/debian:12\n',
    'FROM debian:12 AS base\nFROM Base\n',
    'FROM debian:12\nONBUILD COPY debian /\n',
    'FROM\n',
    'RUN echo FROM debian\n',
  ],
});

describe('df-base-image-pinned: levels', () => {
  it('only hints when a build argument without a default decides', () => {
    assert.deepEqual(
      violationsOf('df-base-image-pinned', 'FROM ${IMAGE}\n').map(({ severity, message }) => [severity, message]),
      [['hint', 'The base image depends on ARG IMAGE, which has no default. Give it one to have it checked.']],
    );
    assert.deepEqual(
      violationsOf('df-base-image-pinned', 'FROM debian\n').map(({ severity }) => severity),
      ['information'],
    );
  });
});
