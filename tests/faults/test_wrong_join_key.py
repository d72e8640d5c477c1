"""wrong_join_key: everybody has somebody else's column."""

import numpy as np
from scipy import stats

from tests.faults.senders import people_of, sent_and_read, with_fault


def test_each_person_has_the_value_of_one_other_person():
    world = with_fault("wrong_join_key", column="age")
    true, read = sent_and_read(world, "age")
    people = people_of(world)
    _, first = np.unique(people, return_index=True)
    assert len(set(zip(people, read, strict=True))) == first.size, "always the same one's"
    known = set(true)
    assert np.mean([value in known for value in read[first]]) > 0.9, "a value that somebody has"
    assert abs(stats.pearsonr(true[first], read[first]).statistic) < 4 / np.sqrt(first.size)
