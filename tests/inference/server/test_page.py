"""What a browser may load for the page."""

from textclf.inference.server.page import ENDPOINTS


def test_the_policy_allows_nothing_but_the_page_itself(client):
    for endpoint in ENDPOINTS:
        status, content, headers = client.ask("GET", endpoint.path)
        assert (status, b"http://" in content, b"https://" in content) == (200, False, False)
        policy = headers["content-security-policy"]
        assert "unsafe" not in policy
        assert policy.startswith("default-src 'none'")
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
