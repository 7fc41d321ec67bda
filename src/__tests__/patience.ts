/** Waiting in tests: the machine may do much else, and what never comes still fails the test. */
import { configure } from '@testing-library/dom';

configure({ asyncUtilTimeout: 10_000 });
