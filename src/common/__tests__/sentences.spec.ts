/** What is wrong and what to do, as one text. */
import { sentences } from '../sentences';

it.each([
  [{ message: 'The door is down' }, 'The door is down'],
  [{ message: 'The door is down', hint: null }, 'The door is down'],
  [{ message: 'It is down', hint: 'Wait.' }, 'It is down. Wait.'],
  [{ message: 'It is down.', hint: 'Wait.' }, 'It is down. Wait.'],
  [{ message: 'It said “no.”', hint: 'Wait.' }, 'It said “no.” Wait.'],
  [{ message: 'It said “no”', hint: 'Wait.' }, 'It said “no”. Wait.']
])('%j', (told, text) => {
  expect(sentences(told)).toBe(text);
});
