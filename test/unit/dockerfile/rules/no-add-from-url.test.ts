import { noAddFromUrl } from '../../../../src/dockerfile/rules/no-add-from-url.ts';
import { describeRule } from '../support.ts';

describeRule(noAddFromUrl, {
  instructions: [
    'ADD «https://downloads.example/tool.tar.gz» /opt/',
    'ADD «http://downloads.example/tool.tar.gz» /opt/',
    'ADD «HTTPS://downloads.example/tool.tar.gz» /opt/',
    'ADD --chown=10:10 --chmod=755 local.txt «https://downloads.example/${VERSION}/tool» /opt/',
    'ADD ["«https://downloads.example/a b.tar.gz»", "/opt/"]',
    'ADD "«https://downloads.example/tool.tar.gz»" /opt/',
    'ADD «https://downloads.example/one» https://downloads.example/two /opt/',
    'ADD --checksum= «https://downloads.example/tool» /opt/',
  ],
  passingInstructions: [
    'ADD rootfs.tar /',
    'ADD --checksum=sha256:24454f830cdb571e2c4ad15481119c43b3cafd48dd869a9b2945d1036d1dc68d https://downloads.example/tool /opt/',
    'ADD https://git.example/shop/shop.git /src',
    'ADD https://git.example/shop/shop.git#v1.2:docs /src',
    'ADD local /https://odd',
    'COPY https /opt/',
    'RUN curl -o /opt/tool https://downloads.example/tool',
    'ADD https://only-one-word.example/',
  ],
});
