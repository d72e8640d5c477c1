"""new_category: a share of the rows carries a code that nobody knows."""

import numpy as np

from tests.faults.senders import people_of, sent_and_read, with_fault


def test_the_next_code_comes_from_a_share_of_the_people():
    world = with_fault("new_category", column="device", share=0.4)
    true, read = sent_and_read(world, "device")
    new = read == 3
    np.testing.assert_array_equal(read[~new], true[~new])
    people = people_of(world)
    assert not set(people[new]) & set(people[~new]), "a person has one device"
    share = len(set(people[new])) / len(set(people))
    assert abs(share - 0.4) < 4 * np.sqrt(0.4 * 0.6 / 300)
