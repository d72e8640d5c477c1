"""missing_values: a share of the rows comes without the column."""

import numpy as np

from tests.faults.senders import people_of, sent_and_read, with_fault


def test_rows_lose_it_one_by_one_and_the_others_keep_it():
    world = with_fault("missing_values", column="temperature", share=0.3)
    true, read = sent_and_read(world, "temperature")
    missing = np.isnan(read)
    assert abs(missing.mean() - 0.3) < 4 * np.sqrt(0.3 * 0.7 / missing.size)
    np.testing.assert_array_equal(read[~missing], true[~missing])
    people = people_of(world)
    assert set(people[missing]) & set(people[~missing]), "rows lose it, not people"
