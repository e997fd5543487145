"""A node's roster and its first owner are entered by a person's id: it stands where one looks for it."""


def test_the_operator_copies_it_from_the_list_of_people(zone):
    officer = zone.member("bank", "officer")
    page = zone.client("operator", "owner").get("/zone/people/").content.decode()
    assert f'data-copy="{officer.person_id}"' in page


def test_everybody_copies_it_from_the_page_of_their_own_sign_in(zone):
    officer = zone.member("bank", "officer")
    page = zone.client("bank", "officer").get("/accounts/factor/").content.decode()
    assert f'data-copy="{officer.person_id}"' in page
