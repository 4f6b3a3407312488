"""Sites 센터: where cards stand, and which engine runs jobs there."""
