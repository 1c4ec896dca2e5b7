import { describeTimeZones } from '../../support/time-zones.ts';

// Here a day ends earliest: the server loses it, and the database's midnight comes first. The soak has the other places.
describeTimeZones('on both sides of UTC');
