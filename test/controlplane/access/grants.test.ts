import { scopeOf } from '../../../src/controlplane/access/grants.ts';

test.each([
  ['mesh/shop', { mesh: 'shop' }],
  ['arn:aws:appmesh:us-east-1:111122223333:mesh/shop', { mesh: 'shop' }],
  ['arn:aws:appmesh:us-east-1:111122223333:mesh/shop@123456789012', { mesh: 'shop' }],
  ['mesh/shop@123456789012/virtualNode/cart', { mesh: 'shop', kind: 'virtualNode', name: 'cart' }],
  ['mesh/shop@home', { mesh: 'shop@home' }],
  ['shop', undefined],
])('a grant for %s alone', (text, scope) => {
  expect(scopeOf(text)).toEqual(scope);
});
